// Package webhook tells merchants what happened: it delivers the rows of the
// table deliveries, at least once, and keeps the merchants' endpoints.
//
// # Two kinds of target
//
// A delivery's target is the id of an endpoint of the native API, which gets a
// Standard Webhooks message (native.go), or the name of the front that the
// transaction came through, whose dialect writes the notice and judges the
// answer (dialect.go). What happens around the sending is the same for both.
//
// # The life of a delivery
//
// [Sender.Claim] takes rows that are due under a lease; [Sender.Work] works one:
// it waits for earlier events of the same transaction and target (order.go),
// makes the message, sends it within the share of workers that its host may
// have (hosts.go), and records what came of it (record.go). A try that fails
// comes back by a schedule (schedule.go).
//
// # What is promised
//
//   - An event is sent until the merchant's server takes it or the schedule
//     ends. A node that dies between sending and recording loses only its
//     lease: the event is sent again, natively under the same webhook-id.
//   - Who lost the lease records nothing, so a delivery is completed once.
//   - Of one transaction, a target gets no event before the earlier ones have
//     been delivered or given up. Copies of one event have no order.
//   - A target that hangs holds up the deliveries to itself, not the others.
//
// What is kept of a failure names no URL and holds no secret.
package webhook
