"""The parts of Azure that the administrator's tool meets: Resource Manager's app settings, and a Key Vault."""
