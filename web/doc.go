// Package web is the HTTP door: hooks that take deliveries, the API that
// everything else can be done by, and live events. It knows who asks and how an
// answer is written; what is done stands in pipeline, desk and store.
package web
