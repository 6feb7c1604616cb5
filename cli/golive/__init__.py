"""Going live, step by step: everything is looked at before anything is changed."""
