package main

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/slotpool/slotpool/internal/trace"
)

// mark is how a column looks in the plot.
type mark struct {
	column string
	color  color.Color
	shape  draw.GlyphDrawer
	radius vg.Length
}

// marks are in the order of drawing: the pool lies on top.
var marks = []mark{
	{"Belady", color.Gray{0x00}, draw.PlusGlyph{}, 6},
	{"random", color.RGBA{0x99, 0x99, 0x99, 0xff}, draw.BoxGlyph{}, 3.5},
	{"LRU", color.RGBA{0x33, 0x77, 0xbb, 0xff}, draw.PyramidGlyph{}, 4.5},
	{"newest", color.RGBA{0xcc, 0x66, 0x99, 0xff}, draw.TriangleGlyph{}, 4.5},
	{"SIEVE", color.RGBA{0x22, 0x88, 0x55, 0xff}, draw.CrossGlyph{}, 4},
	{"S3-FIFO", color.RGBA{0xdd, 0x99, 0x22, 0xff}, draw.SquareGlyph{}, 4},
	{pool, color.RGBA{0xcc, 0x22, 0x22, 0xff}, draw.RingGlyph{}, 7},
}

const (
	width, height = 24 * vg.Centimeter, 14 * vg.Centimeter
	margin        = 5.5 * vg.Centimeter // for the names of the traces
	least         = 10                  // dials, where the scale begins
)

// drawPlot writes the table as a dot plot: a line for each trace, dials to the
// right on a logarithmic scale, for it is ratios that matter.
func drawPlot(table *trace.Table, file string) error {
	p := plot.New()
	p.Title.Text = "Dials per 1000 Gets (log scale, left is better)"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = ticks(10, 20, 50, 100, 200, 500, 1000)
	p.X.Min, p.X.Max = least, 1150
	p.Y.Min, p.Y.Max = -0.5, float64(len(table.Traces))-0.5
	p.Y.Tick.Marker = lines(len(table.Traces))
	p.Y.LineStyle.Width, p.Y.Tick.LineStyle.Width = 0, 0
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.XOffs, p.Legend.YOffs = 3*vg.Millimeter, -6*vg.Millimeter
	p.Legend.Padding = vg.Millimeter
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xdd}, color.Gray{0xdd}
	p.Add(grid)
	for _, m := range marks {
		if err := addMark(p, table, m); err != nil {
			return err
		}
	}
	return save(p, table, file)
}

func addMark(p *plot.Plot, table *trace.Table, m mark) error {
	column := slices.Index(table.Columns, m.column)
	if column < 0 {
		return fmt.Errorf("the table has no column %q", m.column)
	}
	points := make(plotter.XYs, len(table.Traces))
	for i, row := range table.Dials {
		points[i] = plotter.XY{X: max(row[column], least), Y: line(table, i)}
	}
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return fmt.Errorf("%s: %w", m.column, err)
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: m.color, Shape: m.shape, Radius: m.radius}
	p.Add(scatter)
	p.Legend.Add(m.column, scatter)
	return nil
}

// line is the height of trace i, the first on top.
func line(table *trace.Table, i int) float64 { return float64(len(table.Traces) - 1 - i) }

// save puts the names of the traces into the left margin itself: they begin
// at a fixed place, so that they fit whatever font an SVG is shown in.
func save(p *plot.Plot, table *trace.Table, file string) error {
	format := strings.TrimPrefix(filepath.Ext(file), ".")
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	all := draw.New(canvas)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	right := draw.Crop(all, margin, -2*vg.Millimeter, 2*vg.Millimeter, -2*vg.Millimeter)
	p.Draw(right)
	data := p.DataCanvas(right)
	_, toY := p.Transforms(&data)
	style := p.X.Tick.Label
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	for i, name := range table.Traces {
		all.FillText(style, vg.Point{X: 3 * vg.Millimeter, Y: toY(line(table, i))}, name)
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(out); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func ticks(values ...int) plot.ConstantTicks {
	var all plot.ConstantTicks
	for _, v := range values {
		all = append(all, plot.Tick{Value: float64(v), Label: strconv.Itoa(v)})
	}
	return all
}

// lines has the grid drawn through each of n traces.
func lines(n int) plot.ConstantTicks {
	var all plot.ConstantTicks
	for i := range n {
		all = append(all, plot.Tick{Value: float64(i), Label: " "})
	}
	return all
}
