//! Reading a playbook from TOML.
