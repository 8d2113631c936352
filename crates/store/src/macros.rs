//! The two macros that keep one SQL text for two engines. Hold no SQL themselves.

/// Runs the same expression on whichever engine the connection is of; `$c` is the engine's own connection inside it.
macro_rules! on {
    ($conn:expr, $c:ident => $run:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($c) => $run,
            $crate::db::Conn::Postgres($c) => $run,
        }
    };
}

/// Declares named statements and the list of them.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*
        /// This module's statements by name.
        pub const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name),)*];
    };
}
