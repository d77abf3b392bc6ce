"""A track's next pose from its last ones, and a whole track's poses made smooth.

The released tracker's predictor (PHALP' of "Humans in 4D"). It counts in frames of the video it
was trained for, not in seconds. Of the original's batched prediction one thing is not kept: there
every row is read at the first row's frame; here each is read at its own.
"""

from __future__ import annotations

import torch
from torch import nn

from .pose_transformer import TOKEN_NUMBERS, PosePredictorConfig, PoseTransformer

#: Timelines that are computed at once: enough to keep a device busy, and memory stays bounded.
_TIMELINES_AT_ONCE = 64


class PosePredictor(nn.Module):
    """The masked-token transformer with its normalisation.

    Its tokens are 229 numbers: 24 rotation matrices row by row, global orientation first (216),
    betas (10), and the location (3): x and y in metres and z in 200 m, in the camera frame, as
    HMR 2.0 gives them for the original's virtual focal length.
    """

    def __init__(self, config: PosePredictorConfig):
        super().__init__()
        self.config = config
        self.encoder = PoseTransformer(config)
        self.register_buffer("mean", torch.zeros(1, 1, TOKEN_NUMBERS))
        self.register_buffer("std", torch.ones(1, 1, TOKEN_NUMBERS))

    @torch.no_grad()
    def predict(
        self,
        tokens: torch.Tensor,
        valid: torch.Tensor,
        times: torch.Tensor,
        at: torch.Tensor,
    ) -> torch.Tensor:
        """Tokens (N, 229) of N people at the frames `at` (N,); each person by itself.

        tokens: (N, T, 229) past observations. valid: (N, T) bool, which of them are there; those
        with NaN or infinity are not. times: (N, T) int, their frames; of two at one frame the
        later in the row counts. The network sees the frame_length frames from the first
        observation on, or as late ones as `at` needs, but never without the last observation;
        beyond its frames it answers for the nearest of them. The original's answer after k missed
        frames is that for at = last frame + 1 + k.
        NaN where a person has no observation. Raises ValueError for shapes that do not fit.
        """
        device = self.mean.device
        tokens, valid = tokens.to(device, self.mean.dtype), valid.to(device, torch.bool)
        times, at = times.to(device, torch.int64), at.to(device, torch.int64)
        if (tokens.shape != (*valid.shape, TOKEN_NUMBERS) or times.shape != valid.shape
                or valid.ndim != 2 or at.shape != valid.shape[:1]):  # fmt: skip
            raise ValueError(
                "tokens (N, T, 229), valid (N, T), times (N, T) and at (N,) do not fit: "
                f"{tuple(tokens.shape)}, {tuple(valid.shape)}, {tuple(times.shape)}, "
                f"{tuple(at.shape)}"
            )
        predicted = tokens.new_full((len(tokens), TOKEN_NUMBERS), torch.nan)
        valid = valid & tokens.isfinite().all(-1)
        for people in valid.any(1).nonzero()[:, 0].split(_TIMELINES_AT_ONCE):
            predicted[people] = self._predict(
                tokens[people], valid[people], times[people], at[people]
            )
        return predicted

    def _predict(self, tokens, valid, times, at) -> torch.Tensor:
        """`predict` of checked rows with an observation each."""
        length = self.config.frame_length
        far = torch.iinfo(torch.int64).max
        first = times.masked_fill(~valid, far).amin(1)
        last = times.masked_fill(~valid, -far).amax(1)
        start = torch.minimum(torch.maximum(first, at - (length - 1)), last)
        frame = times - start[:, None]
        # Observations outside of the timeline go to a frame behind it, which is cut off.
        frame = torch.where(valid & (frame >= 0) & (frame < length), frame, length)
        entry = torch.arange(tokens.shape[1], device=tokens.device).expand_as(frame)
        newest = entry.new_full((len(tokens), length + 1), -1)
        newest = newest.scatter_reduce(1, frame, entry, "amax")[:, :length]
        timeline = tokens.gather(1, newest.clamp(min=0)[..., None].expand(-1, -1, TOKEN_NUMBERS))
        read = (at - start).clamp(0, length - 1)
        features = self.encoder(self.normalized(timeline), newest >= 0, read[:, None])
        return self.encoder.poses(features[:, 0])

    @torch.no_grad()
    def smooth(
        self, tokens: torch.Tensor, observed: torch.Tensor, step: int = 32, window: int = 32
    ) -> torch.Tensor:
        """The poses (T, 229) of one person's T consecutive frames, seen ones and gaps alike.

        tokens: (T, 229). observed: (T,) bool; a frame with NaN or infinity is not. `step` frames
        at a time are made from themselves and `window` frames on both sides; they are NaN where
        none of those was observed.
        Raises ValueError for shapes that do not fit or a window wider than the network's.
        """
        length = self.config.frame_length
        if observed.ndim != 1 or tokens.shape != (len(observed), TOKEN_NUMBERS):
            raise ValueError(
                "tokens (T, 229) and observed (T,) do not fit: "
                f"{tuple(tokens.shape)}, {tuple(observed.shape)}"
            )
        if step < 1 or window < 0 or step + 2 * window > length:
            raise ValueError(
                f"a step of {step} and a window of {window} frames on both sides do not fit into "
                f"{length} frames"
            )
        tokens = tokens.to(self.mean.device, self.mean.dtype)
        observed = observed.to(self.mean.device, torch.bool) & tokens.isfinite().all(-1)
        smoothed = torch.full_like(tokens, torch.nan)
        if not len(tokens):
            return smoothed
        frames = torch.arange(len(tokens), device=tokens.device)
        for begin in frames[::step].split(_TIMELINES_AT_ONCE):
            start = (begin - window).clamp(min=0)
            end = (begin + step + window).clamp(max=len(tokens))
            shown = start[:, None] + torch.arange(length, device=tokens.device)
            inside = shown < end[:, None]
            shown = shown.clamp(max=len(tokens) - 1)
            known = observed[shown] & inside
            made = begin[:, None] + torch.arange(step, device=tokens.device)
            features = self.encoder(self.normalized(tokens[shown]), known, made - start[:, None])
            used = (made < len(tokens)) & known.any(1, keepdim=True)
            smoothed[made[used]] = self.encoder.poses(features[used])
        return smoothed

    def normalized(self, tokens: torch.Tensor) -> torch.Tensor:
        """Tokens (*, 229) as the network takes them: zero mean and unit spread of each number."""
        return (tokens - self.mean[0, 0]) / (self.std[0, 0] + 1e-10)
