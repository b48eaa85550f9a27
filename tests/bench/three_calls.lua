-- SPDX-License-Identifier: Apache-2.0
-- Starts instances with references of their own and waits for each one's end.
local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init(arguments)
	count = 0
	run = arguments[1] or "0"
	path = "/v1/workflows/three-calls/instances?wait=30s"
	wrk.headers["Content-Type"] = "application/json"
end

function request()
	count = count + 1
	local body = string.format('{"input": {"reference": "%s-%d-%d"}}',
	    run, number, count)
	return wrk.format("POST", path, nil, body)
end

function response(status)
	if status ~= 201 then
		bad = (bad or 0) + 1
		if bad == 1 then
			io.stderr:write("an answer with status " .. status .. "\n")
		end
	end
end
