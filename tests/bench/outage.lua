-- SPDX-License-Identifier: Apache-2.0
-- Starts instances of a workflow: so many, or 0 for as long as it takes; with
-- ?wait where it is told so.
local threads = 0

function setup(thread)
	thread:set("number", threads)
	threads = threads + 1
end

function init(arguments)
	count = 0
	workflow = arguments[1]
	run = arguments[2]
	most = tonumber(arguments[3])
	path = "/v1/workflows/" .. workflow .. "/instances" ..
	    (arguments[4] or "")
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
		io.stderr:write("an answer with status " .. status .. "\n")
	end
	if most > 0 and count >= most then
		wrk.thread:stop()
	end
end
