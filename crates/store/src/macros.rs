//! The macros that keep one SQL text for two engines. Hold no SQL themselves.

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

/// Reads a text column that must not make a verification stumble: what is no UTF-8 any more is read with replacement characters,
/// so that it differs from what it should be and is reported.
macro_rules! text {
    ($row:expr, $column:expr) => {
        match $row.try_get::<String, _>($column) {
            Ok(text) => text,
            Err(_) => {
                $row.try_get_unchecked::<Vec<u8>, _>($column).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
            }
        }
    };
}
