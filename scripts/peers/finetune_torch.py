"""The training loop written out in PyTorch on batches given as token ids, for check-peers.

    finetune_torch.py BATCHES MODEL OUT

transformers' model without dropout, its linear schedule, torch's AdamW, cross-entropy and gradient clipping. Prints the losses and
the lengths of the gradients before clipping; writes the trained weights to OUT.
"""
import json, os, sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import AutoModel, get_linear_schedule_with_warmup

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
run = json.load(open(sys.argv[1]))
model = AutoModel.from_pretrained(sys.argv[2], add_pooling_layer=False).float().eval()
spared = lambda name: name.endswith("bias") or "LayerNorm" in name
named = list(model.named_parameters())
optimizer = torch.optim.AdamW(
    [{"params": [p for n, p in named if not spared(n)], "weight_decay": run["weightDecay"]},
     {"params": [p for n, p in named if spared(n)], "weight_decay": 0.0}],
    lr=run["learning_rate"], betas=(0.9, 0.999), eps=run["epsilon"])
schedule = get_linear_schedule_with_warmup(optimizer, run["warmupSteps"], len(run["steps"]))


def embed(texts):
    longest = max(map(len, texts))
    mask = torch.tensor([[1] * len(t) + [0] * (longest - len(t)) for t in texts])
    ids = torch.tensor([t + [0] * (longest - len(t)) for t in texts])
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    m = mask[..., None].float()
    return F.normalize((states * m).sum(1) / m.sum(1), dim=-1)


losses, norms = [], []
for step in run["steps"]:
    scores = embed(step["queries"]) @ embed(step["documents"]).t() / run["temperature"]
    # A document that stands twice in the batch counts twice; what must not count is left out.
    counts = torch.tensor(step["counts"])
    scores = torch.where(counts > 0, scores + counts.clamp(min=1e-9).log(), torch.tensor(float("-inf")))
    each = F.cross_entropy(scores, torch.tensor(step["targets"]), reduction="none")
    weights = torch.tensor(step["weights"])
    loss = (weights * each).sum() / (len(weights) if run["normalizer"] == "batch" else weights.sum())
    optimizer.zero_grad()
    loss.backward()
    norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), run["clip_norm"])))
    losses.append(float(loss.detach()))
    optimizer.step()
    schedule.step()
save_file({name: p.detach().contiguous() for name, p in named}, sys.argv[3])
print(json.dumps({"losses": losses, "norms": norms}))
