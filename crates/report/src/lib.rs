//! Reports and charts: self-contained HTML, SVG drawn here. Never reads a database or a file, and computes no statistics.
