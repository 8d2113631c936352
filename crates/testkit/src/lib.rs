//! In-process server, virtual clock, fault injection, sabotages.
