//! Pictures: decoded from PNG and JPEG within limits that are held against the header before anything is unpacked, and brought to the numbers
//! that a model wants. Of a PNG only the chunks that make the picture are read, so that nothing beside it is ever unpacked.

use crate::{Colours, Fit, VisionMapping};
use zune_core::{bytestream::ZCursor, colorspace::ColorSpace, options::DecoderOptions};

/// Points of a picture at most.
pub const PIXELS_MAX: usize = 16 << 20;
const PNG: &[u8; 8] = b"\x89PNG\r\n\x1a\n";
const JPEG: &[u8; 3] = b"\xff\xd8\xff";
/// The chunks that make a picture.
const CHUNKS: [&[u8; 4]; 5] = [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"];

/// A picture: red, green and blue of every point, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Points in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    points: Vec<[u8; 3]>,
}

impl Picture {
    /// Decodes a PNG or a JPEG. What shines through stands on white; 16 bits are cut to 8; how a camera was held is not looked at.
    ///
    /// # Errors
    /// Where it is neither, is not whole, or says of itself that it has more than [`PIXELS_MAX`] points: why, in words.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        // Strict: what is damaged or cut off is no picture, where a viewer would show what is left of it.
        let options = DecoderOptions::default().set_strict_mode(true).set_max_width(1 << 15).set_max_height(1 << 15);
        if bytes.starts_with(PNG) {
            return png(bytes, options.png_set_strip_to_8bit(true));
        }
        if bytes.starts_with(JPEG) {
            return jpeg(bytes, options.jpeg_set_out_colorspace(ColorSpace::RGB));
        }
        Err("it is neither a PNG nor a JPEG".into())
    }

    fn of(width: usize, height: usize, data: &[u8], channels: usize) -> Result<Self, String> {
        let white = |value: u8, alpha: u8| {
            let (value, alpha) = (u32::from(value), u32::from(alpha));
            ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        let point = |one: &[u8]| match *one {
            [grey] => Some([grey; 3]),
            [grey, alpha] => Some([white(grey, alpha); 3]),
            [red, green, blue] => Some([red, green, blue]),
            [red, green, blue, alpha] => Some([white(red, alpha), white(green, alpha), white(blue, alpha)]),
            _ => None,
        };
        let points: Option<Vec<[u8; 3]>> = data.chunks_exact(channels.max(1)).map(point).collect();
        let points = points.filter(|points| !points.is_empty() && points.len() == width * height);
        points.map(|points| Self { width, height, points }).ok_or_else(|| "it is not whole".into())
    }

    /// The part of the picture that a model sees, and that its grid lies over: from the left, from the top, width and height, in ten-thousandths.
    pub(crate) fn seen_by(&self, mapping: &VisionMapping) -> [u32; 4] {
        let [left, top, width, height] = self.part(mapping);
        let share = |part: f64, of: usize| (part / of as f64 * 10_000.0).round().max(0.0) as u32;
        [share(left, self.width), share(top, self.height), share(width, self.width), share(height, self.height)]
    }

    /// The same in points. By [`Fit::Height`] the part may be wider than the picture: what is left over says nothing.
    fn part(&self, mapping: &VisionMapping) -> [f64; 4] {
        let (width, height) = (self.width as f64, self.height as f64);
        let wanted = mapping.width as f64 / mapping.height as f64;
        match mapping.fit {
            Fit::Stretch => [0.0, 0.0, width, height],
            // What is wider than the model's shape is pressed into its width, as such models were trained.
            Fit::Height => [0.0, 0.0, width.max(height * wanted), height],
            Fit::Crop if width > height * wanted => [(width - height * wanted) / 2.0, 0.0, height * wanted, height],
            Fit::Crop => [0.0, (height - width / wanted) / 2.0, width, width / wanted],
        }
    }

    /// The numbers that a model wants, colour by colour and row by row. Between points it is interpolated along both sides, with the middles of
    /// points as their places.
    pub(crate) fn numbers(&self, mapping: &VisionMapping) -> Vec<f32> {
        let [left, top, width, height] = self.part(mapping);
        let channels = mapping.colours.channels();
        let mut out = vec![0f32; channels * mapping.height * mapping.width];
        let area = mapping.height * mapping.width;
        for y in 0..mapping.height {
            let (above, below, down) = between(top + (y as f64 + 0.5) * height / mapping.height as f64 - 0.5, self.height);
            for x in 0..mapping.width {
                let at = left + (x as f64 + 0.5) * width / mapping.width as f64 - 0.5;
                if at > self.width as f64 - 0.5 {
                    continue;
                }
                let (before, after, right) = between(at, self.width);
                let mix = |channel: usize| {
                    let get = |y: usize, x: usize| self.points.get(y * self.width + x).map_or(0.0, |point| f32::from(point[channel]));
                    let row = |y: usize| get(y, before) * (1.0 - right) + get(y, after) * right;
                    (row(above) * (1.0 - down) + row(below) * down) / 255.0
                };
                for channel in 0..channels {
                    let value = match mapping.colours {
                        Colours::Rgb => mix(channel),
                        Colours::Bgr => mix(2 - channel),
                        Colours::Grey => 0.299 * mix(0) + 0.587 * mix(1) + 0.114 * mix(2),
                    };
                    let value = (value - VisionMapping::of(&mapping.mean, channel)) / VisionMapping::of(&mapping.spread, channel);
                    if let Some(slot) = out.get_mut(channel * area + y * mapping.width + x) {
                        *slot = value;
                    }
                }
            }
        }
        out
    }
}

/// The two points that a place lies between, and how far it is from the first.
fn between(at: f64, size: usize) -> (usize, usize, f32) {
    let last = size.saturating_sub(1);
    let at = at.clamp(0.0, last as f64);
    let first = at.floor() as usize;
    (first, (first + 1).min(last), (at - first as f64) as f32)
}

fn within(width: usize, height: usize) -> Result<(), String> {
    match width.checked_mul(height) {
        Some(1..=PIXELS_MAX) => Ok(()),
        _ => Err(format!("it says that it has {width} x {height} points, and {PIXELS_MAX} are the most")),
    }
}

fn png(bytes: &[u8], options: DecoderOptions) -> Result<Picture, String> {
    let (width, height) = told(bytes).ok_or("it is not whole")?;
    within(width, height)?;
    let bytes = bare(bytes).ok_or("it is not whole")?;
    let mut decoder = zune_png::PngDecoder::new_with_options(ZCursor::new(&bytes), options);
    decoder.decode_headers().map_err(|error| format!("it cannot be decoded: {error:?}"))?;
    let data = decoder.decode_raw().map_err(|error| format!("it cannot be decoded: {error:?}"))?;
    let channels = decoder.colorspace().map_or(0, |colours| colours.num_components());
    Picture::of(width, height, &data, channels)
}

/// Width and height, as the first chunk of a PNG tells them.
fn told(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = bytes.strip_prefix(PNG)?.strip_prefix(b"\0\0\0\x0dIHDR")?;
    let (width, rest) = head.split_first_chunk::<4>()?;
    let (height, _) = rest.split_first_chunk::<4>()?;
    let side = |bytes: [u8; 4]| usize::try_from(u32::from_be_bytes(bytes)).ok();
    side(*width).zip(side(*height))
}

/// A PNG without what does not make the picture: texts, profiles and further frames may unpack to anything.
fn bare(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut rest, mut out) = (bytes.strip_prefix(PNG)?, PNG.to_vec());
    loop {
        let (length, _) = rest.split_first_chunk::<4>()?;
        let whole = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(12)?;
        let (chunk, after) = rest.split_at_checked(whole)?;
        let kind = chunk.get(4..8)?;
        if CHUNKS.iter().any(|known| known.as_slice() == kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        rest = after;
    }
}

fn jpeg(bytes: &[u8], options: DecoderOptions) -> Result<Picture, String> {
    // Inside a scan these two bytes mean its end and nothing else.
    let at = |mark: [u8; 2]| bytes.windows(2).rposition(|two| two == mark);
    if at([0xff, 0xd9]).zip(at([0xff, 0xda])).is_none_or(|(end, scan)| end < scan) {
        return Err("it is not whole".into());
    }
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|error| format!("it cannot be decoded: {error:?}"))?;
    let info = decoder.info().ok_or("it is not whole")?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    within(width, height)?;
    let data = decoder.decode().map_err(|error| format!("it cannot be decoded: {error:?}"))?;
    Picture::of(width, height, &data, 3)
}
