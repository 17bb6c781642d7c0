package sandbox

import (
	"maps"
	"net/http"
	"slices"

	"github.com/passerelle-pay/passerelle/pay"
	"github.com/passerelle-pay/passerelle/provider"
)

// Known is one hazard that can be armed.
type Known struct {
	Provider string `json:"provider"`
	Fault    string `json:"fault"`
	FR       string `json:"fr"`
	EN       string `json:"en"`
	Source   string `json:"source"`
	// Times is how often it strikes unless told otherwise; 0 until disarmed.
	Times int `json:"times"`
}

// Known lists what can be armed, by provider.
func (f *Faults) Known() []Known {
	var list []Known
	for _, front := range slices.Sorted(maps.Keys(f.hazards)) {
		for _, h := range f.hazards[front] {
			list = append(list, known(front, h))
		}
	}
	return list
}

func known(front string, h provider.Hazard) Known {
	return Known{Provider: front, Fault: h.Name, FR: h.FR, EN: h.EN, Source: h.Source, Times: h.Times}
}

func (c control) listFaults(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{"faults": c.Faults.Known(), "armed": c.Faults.Armed()})
}

func (c control) armFault(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Provider  string `json:"provider"`
		Fault     string `json:"fault"`
		Phone     string `json:"phone"`
		Reference string `json:"reference"`
		Times     int    `json:"times"`
	}
	err := readJSON(w, r, &body)
	var armed Fault
	if err == nil {
		armed, err = c.Faults.Arm(body.Provider, body.Fault, body.Phone, body.Reference, body.Times)
	}
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	writeJSON(w, http.StatusCreated, armed)
}

func (c control) disarmFaults(w http.ResponseWriter, _ *http.Request) {
	c.Faults.DisarmAll()
	w.WriteHeader(http.StatusNoContent)
}

func (c control) disarmFault(w http.ResponseWriter, r *http.Request) {
	if !c.Faults.Disarm(r.PathValue("id")) {
		c.refuse(w, r, pay.NotFound("fault"))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
