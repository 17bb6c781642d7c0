package provider

import (
	"slices"
	"time"
)

// SharedHazards are the faults that every API meets. Forge makes what an
// attacker would send in a notification's place. A provider's own hazard of the
// same name stands for the shared one.
func SharedHazards(forge func(Call) Call, own ...Hazard) []Hazard {
	list := slices.Clone(own)
	for _, shared := range append(sharedAnswers(), sharedNotices(forge)...) {
		if !slices.ContainsFunc(own, func(h Hazard) bool { return h.Name == shared.Name }) {
			list = append(list, shared)
		}
	}
	return list
}

const inferred = "inferred"

func sharedAnswers() []Hazard {
	return []Hazard{
		{
			Name: "answer_lost", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis la connexion se ferme sans réponse", EN: "the call is carried out, then the connection closes without an answer",
			Answer: func(r *Reply) { r.Drop = true },
		},
		{
			Name: "connection_reset", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis la réponse s'interrompt", EN: "the call is carried out, then the answer breaks off",
			Answer: func(r *Reply) { r.Cut = true },
		},
		{
			Name: "error_500", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis HTTP 500", EN: "the call is carried out, then HTTP 500",
			Answer: func(r *Reply) { r.Write(500, "text/plain", "Internal Server Error") },
		},
		{
			Name: "html_answer", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis une page HTML avec HTTP 200", EN: "the call is carried out, then an HTML page with HTTP 200",
			Answer: func(r *Reply) { r.Write(200, "text/html", HTMLPage) },
		},
		{
			Name: "null_body", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis la réponse est null", EN: "the call is carried out, then the answer is null",
			Answer: func(r *Reply) { r.WriteJSON(200, "null") },
		},
		{
			Name: "empty_body", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis HTTP 200 sans corps", EN: "the call is carried out, then HTTP 200 without a body",
			Answer: func(r *Reply) { r.WriteJSON(200, "") },
		},
		{
			Name: "truncated_json", Source: inferred, Times: 1,
			FR: "l'opération est faite, puis la moitié du JSON", EN: "the call is carried out, then half of the JSON",
			Answer: func(r *Reply) { r.Body = r.Body[:len(r.Body)/2] },
		},
		{
			Name: "slow_answer", Source: inferred, Times: 1,
			FR: "l'opération est faite, la réponse vient après 40 s", EN: "the call is carried out, the answer comes after 40 s",
			Slow: 40 * time.Second,
		},
		{
			Name: "notice_before_answer", Source: inferred, Times: 1,
			FR: "la notification arrive avant la réponse", EN: "the notification arrives before the answer",
			AfterNotice: true,
		},
	}
}

func sharedNotices(forge func(Call) Call) []Hazard {
	return []Hazard{
		{
			Name: "notice_never", Source: inferred,
			FR: "aucune notification ne vient", EN: "no notification ever comes",
			Notice: NoNotice,
		},
		{
			Name: "notice_late", Source: inferred,
			FR: "les notifications viennent une minute trop tard", EN: "notifications come a minute late",
			Late: true,
		},
		{
			Name: "notice_thrice", Source: inferred,
			FR: "chaque notification vient trois fois", EN: "each notification comes three times",
			Notice: Copies(3),
		},
		{
			Name: "notice_out_of_order", Source: inferred,
			FR: "échec puis succès chez l'opérateur, notifiés dans l'ordre inverse", EN: "failed, then succeeded at the operator, notified the other way round",
			Like: "0008", Notice: Reversed,
		},
		{
			Name: "notice_forged", Source: inferred,
			FR: "une fausse notification de succès vient avant la vraie", EN: "a forged notification of success comes before the real one",
			Notice: func(c Call, _ []Call) []Call { return []Call{forge(c), c} },
		},
	}
}

// NoNotice sends nothing.
func NoNotice(Call, []Call) []Call { return nil }

// Copies sends each notification so many times.
func Copies(n int) func(Call, []Call) []Call {
	return func(c Call, _ []Call) []Call { return slices.Repeat([]Call{c}, n) }
}

// Reversed sends the first notification after the second.
func Reversed(c Call, earlier []Call) []Call {
	switch len(earlier) {
	case 0:
		return nil
	case 1:
		return []Call{c, earlier[0]}
	}
	return []Call{c}
}

// Reshaped sends each notification in another shape.
func Reshaped(change func(Call) Call) func(Call, []Call) []Call {
	return func(c Call, _ []Call) []Call { return []Call{change(c)} }
}
