# Golden numbers of Lin's (2013) interacted regression and of 2SLS with CR2, by estimatr 1.0.0 (Debian r-cran-estimatr).
# Rscript tests/reference/lin.R writes lin_golden.csv beside itself.
library(estimatr)
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
rows <- read.csv(file.path(here, "crv2_cross.csv"))
found <- data.frame()
for (weighted in c(FALSE, TRUE)) {
  for (covariates in c("x", "stratum", "x + crop + stratum")) {
    right <- as.formula(paste("~", covariates))
    fit <- if (weighted) {
      lm_lin(y ~ treated, covariates = right, data = rows, clusters = village, weights = weight, se_type = "CR2")
    } else {
      lm_lin(y ~ treated, covariates = right, data = rows, clusters = village, se_type = "CR2")
    }
    found <- rbind(found, data.frame(
      weights = ifelse(weighted, "weight", ""), covariates = covariates,
      estimate = format(coef(fit)["treated"], digits = 17), std_error = format(fit$std.error["treated"], digits = 17),
      df = format(fit$df["treated"], digits = 17)))
  }
}
write.csv(found, file.path(here, "lin_golden.csv"), row.names = FALSE, quote = FALSE)
