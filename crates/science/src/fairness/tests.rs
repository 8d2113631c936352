//! Known answers, coverage by simulation, and hostile input.
