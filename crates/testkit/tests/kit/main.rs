//! Scenarios over nodes on both engines, in one program: linking it twenty times over would take longer than running it.

mod asking;
mod bulk;
mod crash;
mod desk;
mod elsewhere;
mod erasure;
mod experiments;
mod faults;
mod flips;
mod foreign;
mod judged;
mod laws;
mod learning;
mod life;
mod masks;
mod models;
mod nodes;
mod people;
mod requests;
mod reroute;
mod restored;
mod rewrites;
mod routing;
mod rules;
mod search;
mod webhooks;
