// Small inputs of every kind, as honest programs write them; the two that Node cannot compress are kept compressed.

const river = (n: number): string => `Title ${n}\nThe river${n} flows through town${n}.`

/** Twelve documents in JSON Lines. */
export const lines = Array.from(
  { length: 12 },
  (_, n) => `{"docid": "d${n}", "title": "Title ${n}", "text": ${JSON.stringify(river(n))}}\n`,
).join('')

/** `lines` as `bzip2 -9` writes them. */
export const linesBzip2 = Buffer.from(
  'QlpoOTFBWSZTWSz43xAAAglbgAAQUAV/8AQED+WfyjABO2YBqenqVABvVAxAACKf6qjB+qPVMACYjACpRU2pk0/JNENDIw000JkQwE+hNntSm33tfHdlv2k6E/SWWWs7u7ukCSSST/xgGAAAAAMmaC1mgS/JWaStela9JWurQ4qqqqr1n2O5+WOWomFMzJAwhTMTMDCBhAwgYQMIGEDPSuJCpKCX9aUve973vj2J1JYTsJxJQmZOJOBMyZk6k1E7kqJUn4ShDMngngnMmBMCWJ0JYmJNhNCZE1EoTeQqTgSpKCayaEwJ5F3JFOFCQLPjfEA=',
  'base64',
)
/** `lines` as `zstd -19 --check` writes them. */
export const linesZstd = Buffer.from(
  'KLUv/WQqA2UFABJIGhlgrQ4osImPFdg4wAQAc+M4buITICkIAj0BwNTC////mdufL6WUMsYYI4QQwvfee84551prrTHGGFtrrfX/n8DUgmKgejlBnGqTyw1Ul4OVpY9imSYEU9yIMkGXq9zmoNVsHnoqRp0tBTuoEZCb/WsNoJMWqgMRMAQIwTxhVIB99RmkHa+Yu4nd5XWT7j/NfG+xfmdetyy/We9ZQnfiRlXW8GuWDx4CWDUEAS4W',
  'base64',
)

export const queriesTsv = Array.from({ length: 12 }, (_, n) => `q${n}\tWhich town, "${n}"?\ttown${n}\n`).join('')
export const queriesCsv = Array.from({ length: 12 }, (_, n) => `q${n},"Which ""town"", ${n}?",town${n}\r\n`).join('')
export const queriesJsonl = Array.from(
  { length: 12 },
  (_, n) => `${JSON.stringify({ query_id: `q${n}`, question: `Which town ${n}?`, answers: [`town${n}`] })}\n`,
).join('')
export const tableCsv = `id,title,text\n${queriesCsv.replaceAll('\r\n', '\n')}`
export const qrelsTrec = Array.from({ length: 12 }, (_, n) => `q${n} 0 d${n} 1\n`).join('')
export const runTrec = Array.from(
  { length: 12 },
  (_, n) => `q${n >> 2} Q0 d${n} ${(n % 4) + 1} ${9 - (n % 4)}.5 tag\n`,
).join('')

/** An agent's run in LRAT's layout. */
export const agentRun = (n: number): string =>
  JSON.stringify({
    query_id: `q${n}`,
    query: `Which town ${n}?`,
    answer: `town ${n}`,
    status: 'completed',
    result: [
      { type: 'reasoning', tool_name: null, arguments: null, output: 'I should search.' },
      {
        type: 'tool_call',
        tool_name: 'search',
        arguments: JSON.stringify({ query: [`river ${n}`] }),
        output: [1, 2, 3].map((d) => `${d}.\nDocID:d${d}\n[title]\nsnippet`).join('\n\n'),
      },
      { type: 'tool_call', tool_name: 'get_document', arguments: '{"docid": "d2"}', output: 'the document' },
      { type: 'reasoning', tool_name: null, arguments: null, output: 'It says that the river flows there.' },
      { type: 'output_text', tool_name: null, arguments: null, output: `town ${n}` },
    ],
  })

export const hotpotqa = JSON.stringify(
  [0, 1, 2].map((n) => ({
    _id: `h${n}`,
    question: `Which town ${n}?`,
    answer: `town ${n}`,
    supporting_facts: [[`Title ${n}`, 0]],
    context: [
      [`Title ${n}`, ['The river flows.', ' It ends.']],
      [`Other ${n}`, ['A town.']],
    ],
  })),
)

const page = (n: number): string =>
  `<page><title>Title ${n}</title><ns>0</ns><id>${n}</id><revision><id>9</id><text xml:space="preserve">The '''river''' {{convert|3|km}} flows through [[town|towns]].&lt;ref&gt;x&lt;/ref&gt;
{| class="wikitable"
| a || b
|}
== End ==
It ends.</text></revision></page>`
export const mediawiki = `<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11">${[1, 2, 3].map(page).join('\n')}</mediawiki>`

export const configYaml = `run: runs/x
seed: 3
corpus: { format: jsonl, path: corpus.jsonl }
queries:
  path: queries.tsv # questions
  test_share: 0.2
generate: &generate { agent: tools, max_steps: 5 }
train:
  seeds: [1, 2]
  weightings: [lrat, none]
  epochs: 2
evaluate: { resamples: 100 }
`
