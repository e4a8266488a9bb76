//! Draws lines over two axes, as SVG.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 400.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = 190.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 50.0;
const COLOURS: [&str; 6] = [
    "#1b6ca8", "#c1440e", "#2e7d32", "#6a1b9a", "#b8860b", "#444444",
];

/// The scale of an axis.
#[derive(Clone, Copy)]
pub enum Scale {
    /// Linear, from zero.
    Even,
    /// Logarithmic; values must be positive.
    Log,
}

/// The name of a line, and its points.
pub type Line = (String, Vec<(f64, f64)>);

struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
}

impl Axis {
    fn new(scale: Scale, values: impl Iterator<Item = f64> + Clone) -> Self {
        let high = values.clone().fold(f64::MIN_POSITIVE, f64::max);
        let low = match scale {
            Scale::Even => 0.0,
            Scale::Log => values.fold(high, f64::min),
        };
        Self { scale, low, high }
    }

    /// Returns the position of a value on the axis, from 0 to 1.
    fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Even => value / self.high,
            Scale::Log if self.high > self.low => {
                (value / self.low).ln() / (self.high / self.low).ln()
            }
            Scale::Log => 0.5,
        }
    }

    fn marks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Even => (0..=5).map(|at| self.high * f64::from(at) / 5.0).collect(),
            Scale::Log => {
                let decades = (self.low.log10().floor() as i32)..=(self.high.log10().ceil() as i32);
                let mut marks: Vec<_> = decades.map(|power| 10f64.powi(power)).collect();
                marks.retain(|mark| (self.low..=self.high).contains(mark));
                if marks.len() < 2 {
                    marks = vec![self.low, self.high];
                }
                marks
            }
        }
    }
}

fn number(value: f64) -> String {
    match value {
        v if v >= 1e6 => format!("{:.1} M", v / 1e6),
        v if v >= 1e4 => format!("{:.0} k", v / 1e3),
        v if v >= 10.0 || v == 0.0 => format!("{v:.0}"),
        v => format!("{v:.2}"),
    }
}

/// Returns a picture of `lines`. Each axis has a name and a scale.
pub fn svg(
    title: &str,
    (across, x): (&str, Scale),
    (up, y): (&str, Scale),
    lines: &[Line],
) -> String {
    let points = || lines.iter().flat_map(|(_, points)| points.iter());
    let (x, y) = (
        Axis::new(x, points().map(|point| point.0)),
        Axis::new(y, points().map(|point| point.1)),
    );
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let px = |value: f64| LEFT + x.place(value) * (right - LEFT);
    let py = |value: f64| bottom - y.place(value) * (bottom - TOP);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"15\">{title}</text>\n\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{across}</text>\n\
         <text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{up}</text>\n",
        (LEFT + right) / 2.0,
        HEIGHT - 12.0,
        (TOP + bottom) / 2.0,
    );
    for mark in x.marks() {
        let at = px(mark);
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            number(mark)
        );
    }
    for mark in y.marks() {
        let at = py(mark);
        let _ = writeln!(
            out,
            "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 6.0,
            at + 4.0,
            number(mark)
        );
    }
    for (at, (name, points)) in lines.iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        let way: Vec<_> = points
            .iter()
            .map(|p| format!("{:.1},{:.1}", px(p.0), py(p.1)))
            .collect();
        let _ = writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"{colour}\">{name}</text>",
            way.join(" "),
            right + 10.0,
            TOP + 18.0 * (at as f64 + 1.0)
        );
    }
    out + "</svg>\n"
}
