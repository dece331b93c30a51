"""Training cases for `lrat check-engine` with Hugging Face transformers as the oracle, in float64.

    cases_transformers.py OUT [NAME...]
    cases_transformers.py tests/fixtures/training bert-cls xlm-roberta-mean qwen3-last

The second line made the cases that the tests hold; without names all others are made.
Random weights; BertModel, XLMRobertaModel and Qwen3Model as released, so positions, rotary angles, grouped heads and
masks are theirs and not a rewriting of ours. Prints how far left padding is from right padding for last-token pooling.
"""
import json, os, sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from transformers import BertConfig, BertModel, Qwen3Config, Qwen3Model, XLMRobertaConfig, XLMRobertaModel

KINDS = {"bert": (BertConfig, BertModel), "xlm-roberta": (XLMRobertaConfig, XLMRobertaModel), "qwen3": (Qwen3Config, Qwen3Model)}


def encoder(kind, vocab, hidden, layers, heads, longest, **more):
    sizes = {"vocab_size": vocab, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads}
    if kind == "qwen3":
        rest = {"max_position_embeddings": 1024, "pad_token_id": 0, "tie_word_embeddings": False}
        return {"model_type": kind, **sizes, **rest, **more}
    pad = 1 if kind == "xlm-roberta" else 0
    rest = {"intermediate_size": 4 * hidden, "pad_token_id": pad, "type_vocab_size": 1 if pad else 2,
            "max_position_embeddings": longest + 2 * pad, "layer_norm_eps": 1e-5 if pad else 1e-12}
    return {"model_type": kind, **sizes, **rest, **more}


def qwen3(vocab, hidden, layers, heads, groups, width, theta, inner):
    return encoder("qwen3", vocab, hidden, layers, heads, 0, num_key_value_heads=groups, head_dim=width,
                   rope_parameters={"rope_type": "default", "rope_theta": theta}, intermediate_size=inner)


# name: configuration, pooling, normalizer, in-batch negatives, queries, group, longest text,
# and the temperature where 0.05 would soon leave no loss to compare
CASES = {
    "qwen3 6 x 512, 8 heads of 64 in 2": (qwen3(5000, 512, 6, 8, 2, 64, 1e6, 1024), "last_token", "weights", True, 3, 2, 400),
    "qwen3 4 x 384, 4 heads of 128 in 1": (qwen3(3000, 384, 4, 4, 1, 128, 1e4, 768), "mean", "batch", False, 3, 2, 200, 0.5),
    "xlm-roberta 6 x 384": (encoder("xlm-roberta", 8000, 384, 6, 12, 512), "mean", "batch", True, 3, 2, 400),
    "bert 6 x 384": (encoder("bert", 6000, 384, 6, 12, 512), "cls", "weights", True, 3, 2, 400),
    "qwen3 small": (qwen3(500, 64, 2, 4, 2, 32, 1e6, 128), "last_token", "weights", True, 3, 2, 40),
    "xlm-roberta small": (encoder("xlm-roberta", 500, 64, 2, 4, 62), "mean", "weights", False, 3, 2, 60),
    "bert small": (encoder("bert", 500, 64, 2, 4, 64), "cls", "batch", True, 3, 2, 60),
}
FIXTURES = {
    "bert-cls": (encoder("bert", 60, 16, 2, 2, 24, intermediate_size=32), "cls", "weights", True, 3, 4, 16, 0.2),
    "xlm-roberta-mean": (encoder("xlm-roberta", 60, 16, 2, 4, 24, intermediate_size=32), "mean", "batch", True, 3, 4, 16, 0.2),
    "qwen3-last": (qwen3(60, 16, 2, 4, 2, 8, 1e6, 32), "last_token", "weights", False, 3, 4, 16, 0.2),
}
OPTIMIZER = {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-4, "weight_decay": 0.01}


def randomise(model, g):
    """Weights large enough that heads attend unevenly; norms and biases away from 1 and 0."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.dim() == 1:
                p.copy_(torch.randn(p.shape, generator=g) * 0.1 + (1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0))
            else:
                p.copy_(torch.randn(p.shape, generator=g) * (0.5 if "embed" in name else 1.5 / p.shape[1] ** 0.5))
            p.copy_(p.float().double())


def texts(g, rows, longest, vocab, pad):
    lengths = torch.randint(1, longest + 1, (rows,), generator=g)
    lengths[0], lengths[-1] = 1, longest
    length = int(lengths.max())
    mask = (torch.arange(length)[None] < lengths[:, None]).long()
    ids = torch.randint(5, vocab, (rows, length), generator=g)
    return torch.where(mask == 1, ids, torch.tensor(pad)), mask


def pool(states, mask, how):
    if how == "cls":
        e = states[:, 0]
    elif how == "mean":
        m = mask[..., None].double()
        e = (states * m).sum(1) / m.sum(1)
    elif mask[:, -1].all():
        e = states[:, -1]
    else:
        e = states[torch.arange(len(states)), mask.sum(1) - 1]
    return F.normalize(e, dim=-1)


def flipped(x, mask):
    """The same rows with their padding on the left."""
    return torch.stack([torch.roll(row, int(n), 0) for row, n in zip(x, x.shape[1] - mask.sum(1))])


def write_case(folder, case, seed):
    cfg, how, normalizer, in_batch, N, group, longest, temperature = (*case, 0.05)[:8]
    g = torch.Generator().manual_seed(seed)
    Config, Model = KINDS[cfg["model_type"]]
    config = Config(**{k: v for k, v in cfg.items() if k != "model_type"}, attn_implementation="sdpa")
    model = Model(config, **({} if cfg["model_type"] == "qwen3" else {"add_pooling_layer": False})).double().eval()
    randomise(model, g)
    pad = cfg["pad_token_id"]
    batch = [texts(g, n, longest, cfg["vocab_size"], pad) for n in (N, N * group)]
    w = (0.2 + 1.5 * torch.rand(N, generator=g)).float().double()

    def embed(ids, mask):
        return pool(model(input_ids=ids, attention_mask=mask).last_hidden_state, mask, how)

    def forward():
        q, d = (embed(*t) for t in batch)
        if in_batch:
            scores, target = q @ d.t() / temperature, torch.arange(N) * group
        else:
            scores, target = torch.einsum("nh,ngh->ng", q, d.view(N, group, -1)) / temperature, torch.zeros(N, dtype=torch.long)
        each = F.cross_entropy(scores, target, reduction="none")
        return q, d, (w * each).sum() / (w.sum() if normalizer == "weights" else N)

    os.makedirs(folder, exist_ok=True)
    params = dict(model.named_parameters())
    plain = {k: v.detach().float().contiguous() for k, v in params.items()}
    save_file(plain, os.path.join(folder, "model.safetensors"))
    # As transformers itself writes it.
    json.dump(json.loads(config.to_json_string(use_diff=False)), open(os.path.join(folder, "config.json"), "w"), indent=1)
    sides = [{"input_ids": ids.tolist(), "attention_mask": mask.tolist()} for ids, mask in batch]
    json.dump({"pooling": how, "temperature": temperature, "group_size": group, "in_batch_negatives": in_batch,
               "normalizer": normalizer, "weights": w.tolist(), "optimizer": OPTIMIZER, "query": sides[0],
               "document": sides[1]}, open(os.path.join(folder, "batch.json"), "w"))
    q, d, loss = forward()
    loss.backward()
    expected = {"query_embeddings": q, "document_embeddings": d, **{"grad." + k: v.grad.clone() for k, v in params.items()}}
    left = None
    if how == "last_token":
        with torch.no_grad():
            ids, mask = batch[1]
            left = float((embed(flipped(ids, mask), flipped(mask, mask)) - d).abs().max())
    optimizer = torch.optim.AdamW(params.values(), lr=OPTIMIZER["lr"], betas=tuple(OPTIMIZER["betas"]),
                                  eps=OPTIMIZER["eps"], weight_decay=OPTIMIZER["weight_decay"])
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        step = forward()[2]
        step.backward()
        losses.append(float(step.detach()))
        optimizer.step()
    expected.update({"after3." + k: v for k, v in params.items()})
    save_file({k: v.detach().float().contiguous() for k, v in expected.items()}, os.path.join(folder, "expected.safetensors"))
    with torch.no_grad():
        after = float(forward()[2])
    json.dump({"loss": float(loss.detach()), "losses": losses, "loss_after3": after}, open(os.path.join(folder, "expected.json"), "w"))
    return {"parameters": sum(v.numel() for v in plain.values()), "losses": losses, "left": left}


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "2")))
    out, names = sys.argv[1], sys.argv[2:] or list(CASES)
    known = {**CASES, **FIXTURES}
    found = {name: write_case(os.path.join(out, name), case, seed) for seed, (name, case) in enumerate(known.items()) if name in names}
    print(json.dumps(found))
