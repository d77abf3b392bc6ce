"""A recovery that keeps to a time: in a crowd people get fresh bodies in turn."""

from .budgeted_recovery import BudgetedRecovery

__all__ = ["BudgetedRecovery"]
