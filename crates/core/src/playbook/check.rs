//! Holding values against a playbook.
