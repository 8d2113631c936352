//! Distribution functions and their inverses, through `libm` alone and therefore with the same bits on every machine. Draws
//! nothing and judges nothing: intervals are in [`crate::interval`].
//!
//! Outside of its stated domain (and for NaN) a function here gives NaN, as `libm` does; whoever builds an
//! [`Estimate`](crate::Estimate) checks its input first.

mod beta;
mod gamma;
mod normal;
#[cfg(test)]
mod tests;

pub use beta::{
    beta_cdf, beta_density, beta_quantile, beta_quantile_upper, beta_survival, binomial_at_least, binomial_cdf, binomial_mass,
    binomial_quantile, student_t_cdf, student_t_quantile,
};
pub use gamma::{chi_square_cdf, chi_square_survival, gamma_lower, gamma_upper, ln_beta, ln_choose, ln_gamma};
pub use normal::{normal_cdf, normal_density, normal_quantile, normal_survival, z_two_sided};
