# The mixed model with lme4: Rscript peer_lme4.R TABLE.csv (columns subject, P, E).
# Prints one JSON object: seconds of the fit, and the estimates.
suppressPackageStartupMessages(library(lme4))
table <- read.csv(commandArgs(trailingOnly = TRUE)[1])
table$zP <- as.numeric(scale(table$P))
table$zE <- as.numeric(scale(table$E))
begun <- proc.time()[["elapsed"]]
fit <- suppressMessages(lmer(zP ~ zE + (1 + zE | subject), table, REML = TRUE))
seconds <- proc.time()[["elapsed"]] - begun
cat(sprintf(
  '{"seconds": {"mixed model": %.4f}, "estimates": {"mixed": [%.9f, %.9f], "mixed_residual_sd": %.9f, "criterion": %.6f}, "version": "%s"}\n',
  seconds, fixef(fit)[[1]], fixef(fit)[[2]], sigma(fit), REMLcrit(fit),
  as.character(packageVersion("lme4"))
))
