//! Events and projections on SQLite and PostgreSQL, one SQL text for both.
