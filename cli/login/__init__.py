"""A person's sign-in to Partner Center: in a browser or on another device, proven, and stored in Key Vault."""
