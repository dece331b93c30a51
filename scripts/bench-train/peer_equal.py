"""PyTorch with this program's own algorithm: the same length-sorted micro-batches, gradient caching, fused AdamW and
scaled_dot_product_attention; in float32, or with bfloat16 autocast. Prints what bench-train reads."""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from transformers import BertModel

folder, steps, threads, precision = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
torch.set_num_threads(threads)
with open(f"{folder}/batch.json") as file:
    batch = json.load(file)
with open(f"{folder}/ids.json") as file:
    given = json.load(file)
texts, cuts, queries = given["texts"], given["batches"], len(batch["queries"])
group = len(batch["groups"][0])

model = BertModel.from_pretrained(f"{folder}/model", attn_implementation="sdpa", add_pooling_layer=False)
model.train()
decay = [p for n, p in model.named_parameters() if p.dim() > 1]
plain = [p for n, p in model.named_parameters() if p.dim() <= 1]
groups = [{"params": decay, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
optimizer = torch.optim.AdamW(groups, lr=batch["learningRate"], fused=True)


def padded(cut, of):
    length = max(len(of[i]) for i in cut)
    ids = torch.zeros(len(cut), length, dtype=torch.long)
    mask = torch.zeros(len(cut), length, dtype=torch.long)
    for row, i in enumerate(cut):
        ids[row, : len(of[i])] = torch.tensor(of[i])
        mask[row, : len(of[i])] = 1
    return ids, mask


def embed(ids, mask):
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
        # Without padding there is nothing to mask, as transformers itself finds out.
        states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    states = states.float()
    weights = mask.unsqueeze(-1).float()
    return F.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)


order = [i for cut in cuts for i in cut]
places = torch.empty(len(order), dtype=torch.long)
places[torch.tensor(order)] = torch.arange(len(order))
labels = torch.arange(queries) * group
losses, seconds = [], []
for _ in range(steps):
    start = time.perf_counter()
    optimizer.zero_grad()
    batches = [padded(cut, texts) for cut in cuts]
    with torch.no_grad():
        cached = torch.cat([embed(*one) for one in batches])
    cached.requires_grad_()
    every = cached[places]
    scores = every[:queries] @ every[queries:].T / batch["temperature"]
    loss = F.cross_entropy(scores, labels)
    loss.backward()
    at = 0
    for one in batches:
        found = embed(*one)
        found.backward(cached.grad[at : at + len(found)])
        at += len(found)
    optimizer.step()
    seconds.append(time.perf_counter() - start)
    losses.append(loss.item())
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

model.eval()
documents = texts[queries:]
start = time.perf_counter()
with torch.inference_mode():
    for cut in given["encode"]:
        embed(*padded(cut, documents))
encode = time.perf_counter() - start
print(json.dumps({"losses": losses, "seconds": seconds, "peakKiB": peak, "encode": encode}))
