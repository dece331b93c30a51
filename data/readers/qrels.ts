// Relevance labels: TREC, TSV, JSON Lines, HotpotQA's supporting facts, BrowseComp-Plus's documents of a question.
import { at } from '../../core/at.ts'
import { UserError } from '../../core/errors.ts'
import type { Qrel } from '../schemas.ts'
import { ignoreDrop, type OnDrop } from './corpora/article.ts'
import { readHotpotqa } from './corpora/hotpotqa.ts'
import { excerpt } from './errors.ts'
import { readJsonLines, readLines } from './lines.ts'
import type { Json } from '../../core/json.ts'
import { badField, firstOf, idAt, objectAt } from './record.ts'

/**
 * `evidence_docs` and `gold_docs` are BrowseComp-Plus's questions in JSON Lines: every document listed there is relevant.
 * In `jsonl` a record that has such a list is taken for one of these, evidence first.
 */
export type QrelFormat = 'trec' | 'tsv' | 'jsonl' | 'hotpotqa' | (typeof listKeys)[number]
const listKeys = ['evidence_docs', 'gold_docs'] as const

type Placed = Qrel & { readonly where: string }

const queryKeys = ['query_id', 'query-id', 'qid']
const docidKeys = ['docid', 'corpus_id', 'corpus-id', 'doc_id', 'id']

const relevanceOf = (value: unknown, where: string): number => {
  const relevance = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (Number.isInteger(relevance)) return relevance as number
  throw badField(where, ['relevance'], 'a whole number', value)
}

// `qid 0 docid rel`, or without the second field; a first line whose last field is no number is a header.
async function* readFields(path: string, separator: RegExp | string): AsyncGenerator<Placed> {
  let started = false
  for await (const lines of readLines(path)) {
    for (const { text, number } of lines) {
      const where = `${path} line ${number}`
      const fields = text.trim().split(separator)
      const relevance = fields.at(-1) ?? ''
      const isHeader = !started && separator === '\t' && !/^-?\d/.test(relevance)
      started = true
      if (isHeader) continue
      if (fields.length < 3 || fields.length > 4) {
        throw new UserError({
          where,
          expected: 'query, 0, docid, relevance (the 0 may be missing where fields are separated by tabs)',
          found: excerpt(text),
          fix: 'Correct that line, or name the format that the file has.',
        })
      }
      yield {
        query_id: at(fields, 0),
        docid: at(fields, fields.length - 2),
        relevance: relevanceOf(relevance, where),
        where,
      }
    }
  }
}

function* listedDocuments(record: Json, key: string, where: string): Generator<Placed> {
  const documents = record[key]
  if (!Array.isArray(documents)) throw badField(where, [key], 'a list of documents', documents ?? record)
  const query_id = idAt(record, queryKeys, where)
  for (const document of documents as unknown[]) {
    const docid = typeof document === 'string' ? document : idAt(objectAt(document, where), docidKeys, where)
    yield { query_id, docid, relevance: 1, where }
  }
}

async function* readObjects(path: string, wanted?: (typeof listKeys)[number]): AsyncGenerator<Placed> {
  for await (const lines of readJsonLines(path)) {
    for (const { value, number } of lines) {
      const where = `${path} line ${number}`
      const record = objectAt(value, where)
      const list = wanted ?? listKeys.find((key) => Array.isArray(record[key]))
      if (list !== undefined) yield* listedDocuments(record, list, where)
      else {
        yield {
          query_id: idAt(record, queryKeys, where),
          docid: idAt(record, docidKeys, where),
          relevance: relevanceOf(firstOf(record, ['relevance', 'score', 'rel', 'label']), where),
          where,
        }
      }
    }
  }
}

async function* readSupportingFacts(path: string): AsyncGenerator<Placed> {
  for await (const { qrels } of readHotpotqa(path)) {
    for (const qrel of qrels) yield { ...qrel, where: `${path}, question ${qrel.query_id}` }
  }
}

const readUnchecked = (path: string, format: QrelFormat): AsyncGenerator<Placed> =>
  ({
    trec: () => readFields(path, /\s+/),
    tsv: () => readFields(path, '\t'),
    jsonl: () => readObjects(path),
    evidence_docs: () => readObjects(path, 'evidence_docs'),
    gold_docs: () => readObjects(path, 'gold_docs'),
    hotpotqa: () => readSupportingFacts(path),
  })[format]()

/**
 * Relevance labels of a file. A negative relevance becomes 0 and a label given twice counts once; `onDrop` is told of
 * both ("negative-relevance", "duplicate"). Throws UserError where two labels of the same pair differ.
 */
export async function* readQrels(path: string, format: QrelFormat, onDrop: OnDrop = ignoreDrop): AsyncGenerator<Qrel> {
  const seen = new Map<string, number>()
  for await (const { where, query_id, docid, relevance: found } of readUnchecked(path, format)) {
    if (found < 0) onDrop('negative-relevance', where)
    const relevance = Math.max(0, found)
    const key = `${query_id}\t${docid}`
    const earlier = seen.get(key)
    if (earlier === undefined) {
      seen.set(key, relevance)
      yield { query_id, docid, relevance }
    } else if (earlier === relevance) onDrop('duplicate', where)
    else {
      throw new UserError({
        where,
        expected: `one relevance of document "${docid}" for query "${query_id}"`,
        found: `${relevance} after ${earlier}`,
        fix: 'Remove the wrong line.',
      })
    }
  }
}
