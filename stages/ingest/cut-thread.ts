// A thread that cuts articles.
import { tokenizerFromJson } from '../../model/tokenize/tokenizer.ts'
import type { TokenizerData } from '../../model/tokenize/tokens.ts'
import { serveTasks } from '../../core/thread.ts'
import { cutArticles } from './cut.ts'

serveTasks(({ json, name }: TokenizerData) => cutArticles(tokenizerFromJson(json, name)))
