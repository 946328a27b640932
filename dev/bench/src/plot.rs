//! A plot as SVG: curves over one axis, with the few numbers needed to read them.

use std::fmt::Write as _;
use test_support::grouped;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 40.0;
const TOP: f64 = 30.0;
const RIGHT: f64 = 20.0;

/// A curve: its name, its colour, and its values.
pub struct Curve {
    /// Its name.
    pub name: &'static str,
    /// As SVG has it.
    pub colour: &'static str,
    /// One for each place on the axis.
    pub values: Vec<f64>,
}

/// Draws curves over `axis`. `unit` is the unit of the values.
pub fn draw(title: &str, axis: &[u64], unit: &str, curves: &[Curve]) -> String {
    let last = axis.last().copied().unwrap_or(1) as f64;
    let most = curves.iter().flat_map(|curve| &curve.values).copied().fold(1.0, f64::max) * 1.1;
    let x = |at: f64| LEFT + at / last * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| HEIGHT - BOTTOM - value / most * (HEIGHT - BOTTOM - TOP);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{title}</text>\n"
    );
    for part in 0..=4 {
        let (value, at) = (most * f64::from(part) / 4.0, last * f64::from(part) / 4.0);
        let (line, below) = (y(value), HEIGHT - BOTTOM + 18.0);
        writeln!(
            svg,
            "<path d=\"M{LEFT} {line:.1}H{:.1}\" stroke=\"#ddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.0} {unit}</text>\
             <text x=\"{:.1}\" y=\"{below:.1}\" text-anchor=\"middle\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            line + 4.0,
            x(at),
            grouped(at as u64),
        )
        .expect("a string takes everything");
    }
    for (place, Curve { name, colour, values }) in curves.iter().enumerate() {
        let points: Vec<_> =
            axis.iter().zip(values).map(|(&at, &value)| format!("{:.1},{:.1}", x(at as f64), y(value))).collect();
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"/>\
             <text x=\"{:.1}\" y=\"18\" fill=\"{colour}\" text-anchor=\"end\">{name}</text>",
            points.join(" "),
            WIDTH - RIGHT - 130.0 * (curves.len() - 1 - place) as f64,
        )
        .expect("a string takes everything");
    }
    svg.push_str("</svg>\n");
    svg
}
