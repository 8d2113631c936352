//! Journeys at the desk, in a real browser. Each leaves screenshots in `target/screenshots`, in both lights; each page on the way is
//! checked by axe-core. Where there is no browser they say so and pass over.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod blind;
mod drafts;
mod fields;
mod handed;
mod hostile;
mod images;
mod keyboard;
mod large;
mod long_day;
mod loop_closes;
mod model_versions;
mod models;
mod moved;
mod own;
mod pages;
mod panel;
mod passkeys;
mod people;
mod plain;
mod providers;
mod rules;
mod speed;
mod stops;
mod tabs;
mod team;
mod together;
mod unreachable;
mod webhooks;
