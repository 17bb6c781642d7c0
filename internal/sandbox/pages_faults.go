package sandbox

import (
	"net/http"

	"github.com/passerelle-pay/passerelle/pay"
)

// breakdown is a provider's faults as the page shows them.
type breakdown struct {
	Provider string
	Faults   []breakage
	// Armed counts those that are.
	Armed int
}

// breakage is one fault with its switch.
type breakage struct {
	Name, Effect string
	Armed        []Fault
}

func (c control) breakdowns(t words) []breakdown {
	armed := map[string][]Fault{}
	for _, f := range c.Faults.Armed() {
		key := f.Provider + "/" + f.Fault
		armed[key] = append(armed[key], f)
	}
	var list []breakdown
	for _, k := range c.Faults.Known() {
		if len(list) == 0 || list[len(list)-1].Provider != k.Provider {
			list = append(list, breakdown{Provider: k.Provider})
		}
		b := breakage{Name: k.Fault, Effect: k.FR, Armed: armed[k.Provider+"/"+k.Fault]}
		if t["lang"] == "en" {
			b.Effect = k.EN
		}
		last := &list[len(list)-1]
		last.Faults = append(last.Faults, b)
		last.Armed += len(b.Armed)
	}
	return list
}

// pressFault arms a fault for the next payment, or disarms it wherever it is
// armed, and goes back to the page.
func (c control) pressFault(w http.ResponseWriter, r *http.Request) {
	front, name := r.PostFormValue("provider"), r.PostFormValue("fault")
	if r.PostFormValue("action") == "disarm" {
		for _, f := range c.Faults.Armed() {
			if f.Provider == front && f.Fault == name {
				c.Faults.Disarm(f.ID)
			}
		}
	} else if _, err := c.Faults.Arm(front, name, "", "", 0); err != nil {
		c.refuse(w, r, pay.NotFound("fault"))
		return
	}
	http.Redirect(w, r, "/sandbox"+query(r.URL.Query())+"#faults-"+front, http.StatusSeeOther)
}
