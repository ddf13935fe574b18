package auth.http

default allow = false

allow if endswith(input.iap.email, "@example.com")

allow if input.req.header.Authorization[0] == sprintf("Bearer %s", [input.env.SOME_TOKEN])
