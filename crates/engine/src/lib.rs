//! The verbs as pure functions: state and command in, events or a refusal out.
