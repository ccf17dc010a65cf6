-- Requests in a fixed random order from a file of paths; figures as one JSON line.
local paths = {}
local headers = {["Accept"] = "application/json, application/sparql-results+json;q=0.9"}

function init(args)
  headers["Accept-Encoding"] = args[2]
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  math.randomseed(7)
end

function request()
  return wrk.format("GET", paths[math.random(#paths)], headers)
end

function done(summary, latency, requests)
  local bad = summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect
  io.write(string.format('{"requests": %d, "seconds": %f, "bad": %d, "p50": %f, "p95": %f, "p99": %f}\n',
    summary.requests, summary.duration / 1e6, bad, latency:percentile(50) / 1000, latency:percentile(95) / 1000,
    latency:percentile(99) / 1000))
end
