"""The centre between machines: certificates, registered keys, and who may connect."""
