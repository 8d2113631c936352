//! Labels: escaping, how wide they will be, and shortening. Never lets a label out of its element or over its neighbour.

/// Font size of labels, px. The style sheet says the same.
pub(super) const LABEL_PX: f64 = 13.0;
/// Font size of ticks and notes, px. The style sheet says the same.
pub(super) const NOTE_PX: f64 = 12.0;

/// Text for an element or an attribute. Characters that XML does not know, and those that turn the direction of the text
/// around, are dropped: a label must not rewrite the line it stands in.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => {}
            letter if letter.is_control() => {}
            letter => out.push(letter),
        }
    }
    out
}

/// The width of a letter in units of the font size, on the wide side of common sans-serif faces.
fn letter_em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '\u{202f}' => 0.29,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 0.37,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.88,
        'A'..='Z' => 0.69,
        '0'..='9' | '\u{2212}' | '+' | '=' | '<' | '>' => 0.59,
        '\u{0}'..='\u{7f}' => 0.57,
        '\u{80}'..='\u{2e7f}' => 0.66,
        _ => 1.05,
    }
}

/// About how wide a text will be, in px.
pub(super) fn width(text: &str, font_px: f64) -> f64 {
    text.chars().map(letter_em).sum::<f64>() * font_px
}

/// The text, or as much of it as fits, with an ellipsis.
pub(super) fn fit(text: &str, width_px: f64, font_px: f64) -> String {
    // Hostile labels may be megabytes long: look no further than what could ever fit.
    let most = (width_px / (0.29 * font_px)).max(0.0) + 2.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive width of some hundred letters")]
    let head: String = text.chars().take(most.min(10_000.0) as usize).collect();
    if head.len() == text.len() && width(text, font_px) <= width_px {
        return text.to_owned();
    }
    let room = width_px - 0.9 * font_px;
    let mut used = 0.0;
    let mut kept = String::new();
    for letter in head.chars() {
        used += letter_em(letter) * font_px;
        if used > room {
            break;
        }
        kept.push(letter);
    }
    format!("{}…", kept.trim_end())
}

/// The text in at most `lines_max` lines broken at spaces, the last one shortened.
pub(super) fn wrap(text: &str, width_px: f64, font_px: f64, lines_max: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut words = text.split_whitespace().take(200).peekable();
    while let Some(word) = words.next() {
        let mut line = word.to_owned();
        let last = lines.len() + 1 >= lines_max;
        while let Some(next) = words.peek() {
            if !last && width(&line, font_px) + width(next, font_px) + 0.37 * font_px > width_px {
                break;
            }
            line.push(' ');
            line.push_str(next);
            words.next();
        }
        lines.push(fit(&line, width_px, font_px));
        if last {
            break;
        }
    }
    lines
}

/// The widest of some texts, but no wider than `most` px.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a str>, font_px: f64, most: f64) -> f64 {
    // A text of more letters than these is wider than any chart.
    texts.map(|text| width(&text.chars().take(400).collect::<String>(), font_px)).fold(0.0, f64::max).min(most)
}
