"""What the node publishes: people, markers, surfaces, forecasts, overlays."""
