// The peer in JavaScript: mailauth's dkimVerify over .eml files. One process, one message at a time.
//
//     NODE_PATH=node_modules node benchmarks/peers/mailauth.cjs FOLDER KEYS.csv
//
// Prints one JSON object: messages, octets, and how many had a signature that passed. Keys come from
// the file by its own `resolver` option, so nothing asks the DNS. Work differs from the product's:
// DKIM only.
'use strict';

const fs = require('fs');
const path = require('path');
const { dkimVerify } = require('mailauth/lib/dkim/verify');

const [folder, keys] = process.argv.slice(2);
const records = new Map();
for (const line of fs.readFileSync(keys, 'utf8').split(/\r?\n/).slice(1)) {
    const [domain, selector, ...record] = line.split(',');
    records.set(`${selector}._domainkey.${domain}`, record.join(',').replace(/^"|"$/g, ''));
}

const resolver = async name => {
    if (!records.has(name)) {
        throw Object.assign(new Error(`${name}: no such name`), { code: 'ENOTFOUND' });
    }
    return [[records.get(name)]];
};

const { version } = require('mailauth/package.json');
const counts = { messages: 0, octets: 0, valid: 0, version };

const main = async () => {
    const paths = fs.readdirSync(folder, { recursive: true }).filter(name => name.endsWith('.eml'));
    for (const name of paths.sort()) {
        const octets = fs.readFileSync(path.join(folder, name));
        const { results } = await dkimVerify(octets, { resolver });
        counts.messages += 1;
        counts.octets += octets.length;
        counts.valid += results.some(one => one.status.result === 'pass') ? 1 : 0;
    }
    console.log(JSON.stringify(counts));
};

main();
