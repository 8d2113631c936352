//! Nothing: this crate has no code. As a development dependency of the crates above the database it gives every selection of
//! packages (`cargo test -p ..`) the same features of the heavy dependencies, so that they are built once and not once a
//! selection. Never part of the product.
