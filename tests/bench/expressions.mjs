// SPDX-License-Identifier: Apache-2.0
//
// expressions.mjs FEELIN SECONDS FILE STATED
//
// Evaluates what bench_expressions does by the npm package feelin, whose
// folder is FEELIN, compares the answers with its lines in STATED, and tells
// how the rates compare.  Rates are of CPU seconds, threads of the garbage
// collector and compiler included.
//
// The package reads an expression each time that it evaluates it; that is what
// it offers.  What it would do if it could keep what it has read is measured
// too, by a copy that lets its interpreter be called: "kept".  Tables it does
// not know: their cells are evaluated one by one, each as a unary test.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [folder, seconds, file, answers] = process.argv.slice(2);
const source = `${folder}/dist/index.js`;
const opened = `${folder}/dist/opened.mjs`;
writeFileSync(opened, readFileSync(source, 'utf8') +
    '\nexport { interpreter, InterpreterContext };\n');
const feelin = await import(pathToFileURL(source));
const inside = await import(pathToFileURL(opened));

// A function that evaluates the text in a context; the same with the text kept.
const asWritten = {
	expression: (text) => (context) => feelin.evaluate(text, context).value,
	test: (text) => (context, input) =>
	    feelin.unaryTest(text, { ...context, '?': input }).value,
};
const kept = {
	expression: (text, context) => inside.interpreter.evaluate(
	    text, context, undefined, new inside.InterpreterContext()).root,
	test: (text, context) => {
		const { root } = inside.interpreter.unaryTest(
		    text, context, undefined, new inside.InterpreterContext());
		return (given, input) => root({ ...given, '?': input })(input);
	},
};

function tableOf(how, table, context) {
	const inputs = table.inputs.map((i) => how.expression(i.expr, context));
	const rules = table.rules.map((rule) => ({
		when: rule.when.map((w) => w === '-' ? null : how.test(w, context)),
		then: rule.then.map((t) => how.expression(t, context)),
	}));
	const outcome = (rule, given) => table.outputs.length === 1 ?
	    rule.then[0](given) :
	    Object.fromEntries(table.outputs.map((o, i) =>
		[o.name, rule.then[i](given)]));
	return (given) => {
		const values = inputs.map((input) => input(given));
		const hits = [];
		for (const rule of rules) {
			if (!rule.when.every((test, i) =>
			    test === null || test(given, values[i]) === true))
				continue;
			hits.push(rule);
			if (table.hitPolicy === 'FIRST')
				break;
		}
		const outcomes = hits.map((rule) => outcome(rule, given));
		return table.aggregation === 'SUM' ?
		    outcomes.reduce((a, b) => a + b, 0) : outcomes[0];
	};
}

function subjectOf(how, line) {
	return line.table !== undefined ?
	    tableOf(how, line.table, line.context) :
	    how.expression(line.expr, line.context);
}

function cpuSeconds() {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
}

function measure(run, context) {
	let done = 0, begun = cpuSeconds(), taken = 0;
	for (const warm = cpuSeconds(); cpuSeconds() - warm < seconds / 2;)
		for (let i = 0; i < 20; i++)
			run(context);
	for (begun = cpuSeconds(); taken < seconds; done += 20) {
		for (let i = 0; i < 20; i++)
			run(context);
		taken = cpuSeconds() - begun;
	}
	return done / taken;
}

// Binary fractions are no decimal ones: numbers are equal to 12 digits.
function isEqual(a, b) {
	if (typeof a === 'number' && typeof b === 'number')
		return Math.abs(a - b) <= 1e-12 * Math.max(1, Math.abs(a));
	if (a === null || typeof a !== 'object')
		return a === b;
	const keys = Object.keys(a);
	return b !== null && keys.length === Object.keys(b).length &&
	    keys.every((key) => isEqual(a[key], b[key]));
}

const lines = (path) => readFileSync(path, 'utf8').trim().split('\n')
    .map((line) => JSON.parse(line));
const ours = new Map(lines(answers).map((line) => [line.name, line]));
const mean = (ratios) =>
    Math.exp(ratios.reduce((sum, r) => sum + Math.log(r), 0) / ratios.length);
const columns = (name, cells) => console.log(
    name.padEnd(34) + cells.map((cell) => String(cell).padStart(11)).join(''));
const ratios = [], keptRatios = [], readRatios = [];
let unequal = 0;

columns('a second of CPU', ['stated', 'feelin', 'times', 'kept', 'times',
    'read too', 'times']);
for (const line of lines(file)) {
	const our = ours.get(line.name);
	const theirs = [asWritten, kept].map((how) => subjectOf(how, line));
	for (const run of theirs) {
		const value = JSON.parse(JSON.stringify(run(line.context)));
		if (isEqual(our.value, value))
			continue;
		unequal++;
		console.log(`${line.name}: ${JSON.stringify(our.value)} is not ` +
		    JSON.stringify(value));
	}
	const [rate, keptRate] = theirs.map((run) => measure(run, line.context));
	ratios.push(our.rate / rate);
	keptRatios.push(our.rate / keptRate);
	readRatios.push(our.parse_rate / rate);
	columns(line.name, [our.rate, Math.round(rate), ratios.at(-1).toFixed(1),
	    Math.round(keptRate), keptRatios.at(-1).toFixed(1), our.parse_rate,
	    readRatios.at(-1).toFixed(1)]);
}
columns('geometric mean', ['', '', mean(ratios).toFixed(1), '',
    mean(keptRatios).toFixed(1), '', mean(readRatios).toFixed(1)]);
columns('least', ['', '', Math.min(...ratios).toFixed(1), '',
    Math.min(...keptRatios).toFixed(1), '', Math.min(...readRatios).toFixed(1)]);
if (unequal > 0)
	console.log(`${unequal} answers differ`);
process.exitCode = unequal > 0 ? 1 : 0;
