package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// shown are the works in the plot, from the top.
var shown = []struct {
	title, work string
	with        []axis
}{
	{"Get+Put, one user", "Alone", nil},
	{"Get+Put in parallel", "Parallel", nil},
	{"among 1,000,000 resources", "Wide", []axis{{"addresses", "1000000"}}},
	{"evicting", "Evicting", nil},
	{"64 users, 8 slots, own, queued", "Contended", []axis{{"addresses", "64"}, {"hold", "0"}, {"start", "queued"}}},
	{"64 users, 8 slots, shared, queued", "Contended", []axis{{"addresses", "8"}, {"hold", "0"}, {"start", "queued"}}},
	{"TCP connection, checked", "Conn", []axis{{"transport", "tcp"}, {"request", "none"}, {"check", "peek"}}},
	{"TLS connection, checked", "Conn", []axis{{"transport", "tls"}, {"request", "none"}, {"check", "peek"}}},
	{"dial and close", "DialClose", nil},
}

// styles are the contenders in the plot. Slotpool comes last, on top.
var styles = []struct {
	impl  string
	color color.Color
	shape draw.GlyphDrawer
}{
	{"floor", color.Gray{0x99}, draw.PlusGlyph{}},
	{"puddle", color.RGBA{0xe6, 0x9f, 0x00, 0xff}, draw.SquareGlyph{}},
	{"channel", color.RGBA{0x00, 0x9e, 0x73, 0xff}, draw.TriangleGlyph{}},
	{"semaphore", color.RGBA{0xcc, 0x79, 0xa7, 0xff}, draw.PyramidGlyph{}},
	{"commons", color.RGBA{0x7a, 0x5c, 0x3e, 0xff}, draw.BoxGlyph{}},
	{"database-sql", color.RGBA{0x33, 0x33, 0x33, 0xff}, draw.CrossGlyph{}},
	{"map", color.RGBA{0xd5, 0x5e, 0x00, 0xff}, draw.RingGlyph{}},
	{"slotpool", color.RGBA{0x00, 0x55, 0xaa, 0xff}, draw.CircleGlyph{}},
}

// plotResults draws a point for each contender and work: the further left,
// the faster.
func plotResults(t *table, file string) error {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	p := plot.New()
	p.Title.Text = "Time for one cycle (log scale, left is faster)"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(timeTicks)
	p.X.Min, p.X.Max = 4, 400_000
	p.Y.Min, p.Y.Max = -0.5, float64(len(shown))-0.5
	names := make([]string, len(shown))
	for i, s := range shown {
		names[len(shown)-1-i] = s.title
	}
	p.NominalY(names...)
	grid := plotter.NewGrid()
	grid.Vertical.Color = color.Gray{0xdd}
	grid.Horizontal.Color = color.Gray{0xdd}
	p.Add(grid)
	for _, s := range styles {
		points := pointsOf(t, s.impl)
		if len(points) == 0 {
			continue
		}
		scatter, err := plotter.NewScatter(points)
		if err != nil {
			return err
		}
		scatter.GlyphStyle = draw.GlyphStyle{Color: s.color, Radius: vg.Points(4), Shape: s.shape}
		p.Add(scatter)
		p.Legend.Add(s.impl, scatter)
	}
	p.Y.Padding = 2 * vg.Centimeter // a viewer without this font may use a wider one
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs = 5.5 * vg.Centimeter
	p.Legend.Padding = vg.Points(2)
	return p.Save(18*vg.Centimeter, 10*vg.Centimeter, file)
}

func pointsOf(t *table, impl string) (points plotter.XYs) {
	for i, s := range shown {
		if m, ok := t.find(s.work, s.with...).median(impl, "ns/op"); ok {
			points = append(points, plotter.XY{X: m.Center, Y: float64(len(shown) - 1 - i)})
		}
	}
	return points
}

// timeTicks marks the powers of ten, and unnamed ones in between.
func timeTicks(low, high float64) (ticks []plot.Tick) {
	for decade, name := range []string{"1 ns", "10 ns", "100 ns", "1 us", "10 us", "100 us", "1 ms"} {
		value := 1.0
		for range decade {
			value *= 10
		}
		for k := 1.0; k < 10; k++ {
			if v := k * value; v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v})
				if k == 1 {
					ticks[len(ticks)-1].Label = name
				}
			}
		}
	}
	return ticks
}
