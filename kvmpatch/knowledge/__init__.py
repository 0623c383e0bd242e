"""What is looked up: CSRs, bits, extensions, KVM ids, entry points, guards; TOML and its loader."""
