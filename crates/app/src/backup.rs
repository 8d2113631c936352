//! Backup and restore. Keys are never in a backup; a restore replays erasures and opens a new log before anything is served.
