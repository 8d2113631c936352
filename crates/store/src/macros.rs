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

/// Writes rows by multi-row inserts: `$bind` binds one row's columns, in the order of `$head`. `return`s the error where it fails.
macro_rules! insert_rows {
    ($conn:expr, $attempted:literal, $head:expr, $columns:literal, $tail:expr, $rows:expr, |$query:ident, $row:pat_param| $bind:expr) => {
        for chunk in $crate::batch::chunks($conn.is_postgres(), $rows) {
            let sql = chunk.insert($head, $columns, $tail);
            on!($conn.again(), c => {
                let mut $query = sqlx::query(sql);
                for $row in chunk.bound() {
                    $query = $bind;
                }
                if let Some(limit) = chunk.limit() {
                    $query = $query.bind(limit);
                }
                $query.execute(c).await.map(|_| ())
            })
            .map_err($crate::error::attempt($attempted))?;
        }
    };
}

/// Carries out `$head (..keys..)` for all keys, in few statements: `$bind` binds what stands before the keys, each place by itself.
/// `return`s the error where it fails.
macro_rules! run_for_keys {
    ($conn:expr, $attempted:literal, $head:expr, $before:literal, $keys:expr, |$query:ident| $bind:expr) => {
        for some in $keys.chunks($crate::batch::KEYS_AT_ONCE) {
            let keys = $crate::batch::padded(some);
            let sql = $crate::batch::in_list($conn.is_postgres(), $head, $before, keys.len(), "");
            on!($conn.again(), c => {
                let mut $query = sqlx::query(sql);
                $query = $bind;
                for key in &keys {
                    $query = $query.bind(key);
                }
                $query.execute(c).await.map(|_| ())
            })
            .map_err($crate::error::attempt($attempted))?;
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
