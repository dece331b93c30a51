// The training file in LRAT-Train JSONL, as one stage writes it and another reads it.

export const TRAIN_FILE = 'lrat-train.jsonl'
