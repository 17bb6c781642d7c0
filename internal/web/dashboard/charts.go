package dashboard

import (
	"cmp"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-pay/passerelle/internal/gateway"
	"github.com/passerelle-pay/passerelle/money"
	"github.com/passerelle-pay/passerelle/phone"
)

// period is what the charts show, in columns of a step.
type period struct {
	Name    string
	columns int
	step    time.Duration
}

// periods can be chosen by their names; the first is shown otherwise.
var periods = []period{{"day", 24, time.Hour}, {"week", 28, 6 * time.Hour}, {"month", 30, 24 * time.Hour}}

// mostOperators bounds the rows of the charts by operator.
const mostOperators = 12

// charts are what ended in a period: over time, and by operator.
type charts struct {
	Period  period
	Periods []period
	// Totals, Volumes and the money of Operators never add currencies.
	Totals    gateway.Counted
	Volumes   []volume
	Columns   []chartColumn
	Operators []chartRow
}

// volume is the money of one currency, and over time.
type volume struct {
	Amount money.Amount
	Count  int64
	ByTime []int64
}

type chartColumn struct {
	Start time.Time
	Count gateway.Counted
	Money []money.Amount
}

type chartRow struct {
	Name  string
	Count gateway.Counted
	Money []money.Amount
}

// readCharts reads the statistics of the hours: their cost does not grow with
// the payments, which are counted when they end (gateway.CountPayments).
func (h *handler) readCharts(v *visit) (charts, error) {
	c := charts{Period: periods[0], Periods: periods}
	for _, p := range periods {
		if p.Name == v.URL.Query().Get("period") {
			c.Period = p
		}
	}
	// Whole columns, the last of which is under way.
	end := h.Now().UTC().Truncate(c.Period.step).Add(c.Period.step)
	start := end.Add(-time.Duration(c.Period.columns) * c.Period.step)
	slots, err := h.Gateway.PaymentsIn(v.Context(), v.MerchantID, v.Mode, start, end, c.Period.step)
	if err != nil {
		return c, err
	}
	c.Columns = make([]chartColumn, c.Period.columns)
	for i := range c.Columns {
		c.Columns[i].Start = start.Add(time.Duration(i) * c.Period.step)
	}
	operators := map[string]*chartRow{}
	for _, s := range slots {
		at := min(max(int(s.Start.Sub(start)/c.Period.step), 0), c.Period.columns-1)
		c.Columns[at].Count = c.Columns[at].Count.PlusCounts(s.Count)
		c.Columns[at].Money = addMoney(c.Columns[at].Money, s.Count.Volume)
		c.addVolume(s.Count, at)
		row := operators[s.Operator]
		if row == nil {
			row = &chartRow{Name: operatorName(v.words, s.Operator)}
			operators[s.Operator] = row
		}
		row.Count = row.Count.PlusCounts(s.Count)
		row.Money = addMoney(row.Money, s.Count.Volume)
		c.Totals = c.Totals.PlusCounts(s.Count)
	}
	c.Totals.Failed = max(c.Totals.Failed, 0) // late successes of failures before the period
	for _, row := range operators {
		c.Operators = append(c.Operators, *row)
	}
	slices.SortFunc(c.Operators, func(a, b chartRow) int {
		return cmp.Or(cmp.Compare(b.Count.Succeeded+b.Count.Failed, a.Count.Succeeded+a.Count.Failed), cmp.Compare(a.Name, b.Name))
	})
	c.Operators = c.Operators[:min(len(c.Operators), mostOperators)]
	return c, nil
}

func (c *charts) addVolume(counted gateway.Counted, at int) {
	i := slices.IndexFunc(c.Volumes, func(v volume) bool { return v.Amount.Currency == counted.Volume.Currency })
	if i < 0 {
		i = len(c.Volumes)
		c.Volumes = append(c.Volumes, volume{Amount: money.New(0, counted.Volume.Currency), ByTime: make([]int64, c.Period.columns)})
	}
	c.Volumes[i].Amount.Minor += counted.Volume.Minor
	c.Volumes[i].Count += counted.Succeeded
	c.Volumes[i].ByTime[at] += counted.Volume.Minor
}

// addMoney adds an amount to the one of its currency.
func addMoney(list []money.Amount, more money.Amount) []money.Amount {
	if more.IsZero() {
		return list
	}
	for i := range list {
		if list[i].Currency == more.Currency {
			list[i].Minor += more.Minor
			return list
		}
	}
	return append(list, more)
}

func operatorName(w words, id string) string {
	if op, ok := phone.OperatorByID(id); ok {
		return op.Name + " " + op.Country
	}
	return cmp.Or(w.of("method."+id), id)
}

// Any tells whether anything ended in the period.
func (c charts) Any() bool { return c.Totals.Succeeded+c.Totals.Failed > 0 }

// Percent is a success rate as text.
func (f frame) Percent(c gateway.Counted) string {
	if rate, ok := c.Rate(); ok {
		return fmt.Sprintf("%d %%", rate)
	}
	return "–"
}

// Within is the time in which so many of a hundred were approved, as text.
func (f frame) Within(c gateway.Counted, percent int64) string {
	d, ok := c.Within(percent)
	switch {
	case !ok:
		return "–"
	case d == 0:
		return "> 24 h"
	case d >= time.Hour:
		return fmt.Sprintf("≤ %g h", d.Hours())
	case d >= time.Minute:
		return fmt.Sprintf("≤ %g min", d.Minutes())
	}
	return fmt.Sprintf("≤ %g s", d.Seconds())
}

// When is the start of a column as text.
func (f frame) When(p period, at time.Time) string {
	switch {
	case p.step == time.Hour:
		return at.Format("15:04")
	case p.step == 24*time.Hour && f.Lang == "en":
		return at.Format("2 Jan")
	case p.step == 24*time.Hour:
		return at.Format("02/01")
	case f.Lang == "en":
		return at.Format("2 Jan 15:04")
	}
	return at.Format("02/01 15:04")
}

// Measures of the pictures over time, in their own units.
const (
	timeWidth  = 480
	timeHeight = 110
	timeFoot   = 16
	timeLabel  = 76 // the longest
)

// VolumeChart draws the money of one currency over time.
func (f frame) VolumeChart(c charts, v volume) template.HTML {
	highest := max(slices.Max(v.ByTime), 1)
	return f.bars(c, f.T["volume"]+" · "+string(v.Amount.Currency), func(i int) (height float64, label string) {
		return float64(v.ByTime[i]) / float64(highest), f.Money(money.New(v.ByTime[i], v.Amount.Currency))
	})
}

// RateChart draws the success rate over time.
func (f frame) RateChart(c charts) template.HTML {
	return f.bars(c, f.T["rate"], func(i int) (float64, string) {
		rate, _ := c.Columns[i].Count.Rate()
		n := c.Columns[i].Count
		return float64(rate) / 100, fmt.Sprintf("%s · %d/%d", f.Percent(n), n.Succeeded, n.Succeeded+max(n.Failed, 0))
	})
}

// TimeChart draws the time in which nine of ten payments were approved.
func (f frame) TimeChart(c charts) template.HTML {
	longest := time.Second
	for _, column := range c.Columns {
		d, _ := column.Count.Within(90)
		longest = max(longest, d)
	}
	return f.bars(c, f.T["approval"], func(i int) (float64, string) {
		n := c.Columns[i].Count
		d, ok := n.Within(90)
		if ok && d == 0 {
			d = longest // off the scale
		}
		return d.Seconds() / longest.Seconds(), fmt.Sprintf("p50 %s, p90 %s", f.Within(n, 50), f.Within(n, 90))
	})
}

// bars draws a column of the period each. The table beside the pictures has
// the same numbers for who can't see them.
func (f frame) bars(c charts, title string, of func(i int) (height float64, label string)) template.HTML {
	width := timeWidth / len(c.Columns)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart time" role="img" viewBox="0 0 %d %d"><title>%s</title>`, timeWidth, timeHeight+timeFoot, template.HTMLEscapeString(title))
	fmt.Fprintf(&b, `<line class="axis" x1="0" y1="%d" x2="%d" y2="%d"/>`, timeHeight, timeWidth, timeHeight)
	for i, column := range c.Columns {
		height, label := of(i)
		tall := int(height * (timeHeight - 6))
		if height > 0 {
			tall = max(tall, 1)
		}
		when := f.When(c.Period, column.Start)
		fmt.Fprintf(&b, `<g><title>%s%s %s</title><rect class="room" x="%d" y="0" width="%d" height="%d"/><rect class="fill" x="%d" y="%d" width="%d" height="%d"/></g>`,
			template.HTMLEscapeString(when), f.T["colon"], template.HTMLEscapeString(label), i*width, width, timeHeight, i*width+2, timeHeight-tall, width-4, tall)
		if i%(len(c.Columns)/6+1) == 0 && i*width <= timeWidth-timeLabel {
			fmt.Fprintf(&b, `<text x="%d" y="%d">%s</text>`, i*width, timeHeight+timeFoot-3, template.HTMLEscapeString(when))
		}
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // G203: every text in it is escaped
}

// Measures of the picture by operator.
const (
	rowWidth = 520
	rowStep  = 26
	rowName  = 150
	rowBar   = 250
)

// OperatorChart draws each operator's success rate.
func (f frame) OperatorChart(c charts) template.HTML {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart operators" role="img" viewBox="0 0 %d %d"><title>%s</title>`, rowWidth, rowStep*len(c.Operators), template.HTMLEscapeString(f.T["rates"]))
	for i, row := range c.Operators {
		y := i * rowStep
		rate, _ := row.Count.Rate()
		fmt.Fprintf(&b, `<text x="0" y="%d">%s</text><rect class="back" x="%d" y="%d" width="%d" height="16" rx="4"/><rect class="fill" x="%d" y="%d" width="%d" height="16" rx="4"/>`,
			y+17, template.HTMLEscapeString(row.Name), rowName, y+5, rowBar, rowName, y+5, rowBar*rate/100)
		fmt.Fprintf(&b, `<text x="%d" y="%d">%s · %d/%d</text>`, rowName+rowBar+8, y+17, f.Percent(row.Count), row.Count.Succeeded, row.Count.Succeeded+max(row.Count.Failed, 0))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // G203: every text in it is escaped
}
