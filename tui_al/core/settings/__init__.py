"""What can be set: experiments, sweeps, the catalogues of models and data sets."""
