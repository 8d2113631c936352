//! The style of charts: variables, and the classes that use them. Holds every colour of the crate, and no size of a page.

/// The variables: ink, paper and one hue each for people, AI and pair, for light, dark and print. The three hues differ in
/// lightness too, keep 4.5 to 1 against their paper, and stay apart under the common colour-vision deficiencies. A page
/// with a theme of its own defines the same names instead.
pub const TOKENS: &str = include_str!("style/tokens.css");

/// The classes that charts use. Needs the variables of [`TOKENS`].
pub const CSS: &str = include_str!("style/chart.css");
