// A static model whose tokenizer cuts at no whole number of tokens is refused when it is opened.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openModel, randomStaticModel, saveModel } from '../../model/folder.ts'
import { wordPieceJson } from '../../model/tokenize/tokenizer.ts'
import { tempFolders } from '../helpers/temp.ts'

const temp = tempFolders()

test.each([0.5, -1, '32', [], 2 ** 60])('max_length %j', async (max_length) => {
  const folder = join(temp(), 'model')
  const tokenizerJson = wordPieceJson(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'river'].join('\n'), 'vocab')
  await saveModel(randomStaticModel({ tokenizerJson, dimensions: 2, maxTokens: 8, seed: 1 }), folder)
  await openModel(folder)
  const path = join(folder, '0_StaticEmbedding', 'tokenizer.json')
  const json = JSON.parse(readFileSync(path, 'utf8')) as { readonly truncation: object }
  writeFileSync(path, JSON.stringify({ ...json, truncation: { ...json.truncation, max_length } }))
  await expect(openModel(folder)).rejects.toThrow(/truncation\.max_length: expected a whole number of tokens; found/)
})
